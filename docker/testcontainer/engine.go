package testcontainer

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
)

// engine is where containers run.
type engine struct {
	host string // name or address under which this machine reaches published ports
}

// findEngine asks testcontainers-go, which knows DOCKER_HOST and the other ways
// to say it.
func findEngine(ctx context.Context) (engine, error) {
	provider, err := testcontainers.ProviderDefault.GetProvider()
	if err != nil {
		return engine{}, fmt.Errorf("find container engine: %w", err)
	}
	defer func() { _ = provider.Close() }()
	docker, is := provider.(*testcontainers.DockerProvider) // Podman's is one too
	if !is {
		return engine{}, fmt.Errorf("find container engine: %T does not say where it is", provider)
	}
	host, err := docker.DaemonHost(ctx)
	if err != nil {
		return engine{}, fmt.Errorf("find container engine: %w", err)
	}
	return engine{host}, nil
}

// local reports whether the engine's loopback interface is this machine's.
func (e engine) local() bool { return isLoopback(e.host) }

// address is the host in addresses of published ports. Not localhost: that may
// mean ::1 first, where they are not.
func (e engine) address() string {
	if strings.EqualFold(e.host, "localhost") {
		return "127.0.0.1"
	}
	return e.host
}

// resolve is address without a name: the control listener answers to addresses,
// and to no names that it was not told. IPv4 is where ports are published in any case.
func (e engine) resolve(ctx context.Context) (string, error) {
	host := e.address()
	if net.ParseIP(host) != nil {
		return host, nil
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return "", fmt.Errorf("find container engine: %w (its name comes from DOCKER_HOST or TESTCONTAINERS_HOST_OVERRIDE)", err)
	}
	for _, ip := range found {
		if ip = ip.Unmap(); ip.Is4() {
			return ip.String(), nil
		}
	}
	return found[0].String(), nil
}

// publish keeps both ports to this machine where the engine is on it.
func (e engine) publish(host *container.HostConfig) {
	if !e.local() {
		return // testcontainers-go publishes them on all interfaces
	}
	if host.PortBindings == nil {
		host.PortBindings = network.PortMap{}
	}
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	for _, port := range []string{protocolPort, controlPort} {
		host.PortBindings[network.MustParsePort(port)] = []network.PortBinding{{HostIP: loopback}}
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
