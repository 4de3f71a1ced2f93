package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// locate finds the program of a command: by PATH of the environment that the
// app is going to have (not of ours: a target file may put a virtual
// environment first), or from dir where the name has a slash.
func locate(name, dir string, environ []string) (string, error) {
	// exec would blame the program for a folder that is missing.
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("find folder %s: %w", dir, reason(err))
	}
	if filepath.Base(name) != name {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("find command %s: %w (relative paths start at the target file's folder, %s)", name, reason(err), dir)
		}
		return found, nil
	}
	var folders string
	for _, entry := range environ { // the last one wins, as in exec
		if key, value, _ := strings.Cut(entry, "="); key == "PATH" {
			folders = value
		}
	}
	for _, folder := range filepath.SplitList(folders) {
		if folder == "" {
			continue // would be the working directory of this process
		}
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(dir, folder)
		}
		if found, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return found, nil
		}
	}
	hint := "is it installed?"
	if _, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
		hint = fmt.Sprintf("there is one in %s: write ./%s", dir, name)
	}
	return "", fmt.Errorf("find command %s: %w: not on PATH (%s)", name, fs.ErrNotExist, hint)
}

// reason is what is wrong with a file, without its name: that is in the sentence.
func reason(err error) error {
	for _, known := range []error{fs.ErrNotExist, fs.ErrPermission} {
		if errors.Is(err, known) {
			return known
		}
	}
	return err
}
