package container

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/shirou/gopsutil/v4/process"
)

// What a run starts bears these labels.
const (
	labelRun   = "rollover.run"   // the run's id
	labelOwner = "rollover.owner" // machine/process/start: whose it is
)

// owner is the process that a run belongs to. Its number alone comes again; with
// the time of its start it does not. It means something only among the processes
// of one machine, or of one container.
type owner struct {
	run     string
	machine string // whose processes are numbered together
	pid     int
	start   int64 // of the process, milliseconds since 1970
}

// self is this process, with a new run. One that cannot tell when it started
// owns what nobody ever removes for it.
func self(run string) owner {
	o := owner{run: run, machine: machine(), pid: os.Getpid()}
	o.start, _ = startOf(o.pid)
	return o
}

// machine names what process numbers are of: on Linux the boot and the
// namespace, elsewhere the host.
func machine() string {
	boot, errBoot := os.ReadFile("/proc/sys/kernel/random/boot_id")
	namespace, errNamespace := os.Readlink("/proc/self/ns/pid")
	if errBoot == nil && errNamespace == nil {
		return strings.TrimSpace(string(boot)) + "-" + strings.Trim(namespace, "pid:[]")
	}
	host, _ := os.Hostname() // without one nothing is ever taken for deserted
	return host
}

// errEnded is returned of a process that is certain not to run.
var errEnded = errors.New("the process has ended")

// startOf says when a process started. Errors other than errEnded say nothing of
// whether it runs.
func startOf(pid int) (int64, error) {
	p, err := process.NewProcess(int32(pid))
	if err == nil {
		return p.CreateTime()
	}
	if !errors.Is(err, process.ErrorProcessNotRunning) || hidden() {
		return 0, err
	}
	return 0, errEnded
}

// hidden reports whether processes of others cannot be seen here (proc(5), hidepid).
func hidden() bool {
	if _, err := os.Stat("/proc/self"); err != nil {
		return false // no such system
	}
	_, err := os.Stat("/proc/1/stat")
	return err != nil
}

func (o owner) String() string { return fmt.Sprintf("%s/%d/%d", o.machine, o.pid, o.start) }

func (o owner) labels() map[string]string {
	return map[string]string{labelRun: o.run, labelOwner: o.String()}
}

// clockSlack is how far two readings of one process's start may lie apart, in
// milliseconds: it is counted from the boot, and that from the wall clock.
const clockSlack = 2000

// deserted reports whether what bears this label is certain to be of a run on the
// machine of o whose process has ended. Of other machines nobody here can tell.
func (o owner) deserted(label string) bool {
	machine, rest, _ := strings.Cut(label, "/")
	number, start, _ := strings.Cut(rest, "/")
	pid, err := strconv.Atoi(number)
	began, errStart := strconv.ParseInt(start, 10, 64)
	if machine == "" || machine != o.machine || err != nil || errStart != nil || began == 0 {
		return false
	}
	now, err := startOf(pid)
	if err != nil {
		return errors.Is(err, errEnded)
	}
	return max(now-began, began-now) > clockSlack
}
