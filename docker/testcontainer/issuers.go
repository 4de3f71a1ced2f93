package testcontainer

import (
	"cmp"
	"context"
	"strings"

	"github.com/testcontainers/testcontainers-go"

	"github.com/rollover-harness/rollover/mockidp/control"
	"github.com/rollover-harness/rollover/mockidp/issuer"
)

// makeIssuers runs whenever the container has started: only then it is known
// which ports are published, and thus what the issuers are called. It runs too
// when a container is used again by its name: issuers that are right stay, for
// others may be using them.
func (c *Container) makeIssuers(ctx context.Context, started testcontainers.Container) error {
	client, err := c.connect(ctx, started)
	if err != nil {
		return err
	}
	if former := c.client.Swap(client); former != nil {
		former.Close()
	}
	at, err := published(ctx, started, protocolPort, c.engine.address())
	if err != nil {
		return err
	}
	base := c.options.address(at)
	there, err := c.clear(ctx, client, base)
	if err != nil {
		return err
	}
	for _, spec := range c.options.issuers {
		if there[spec.Name] {
			continue
		}
		spec.Base = cmp.Or(spec.Base, base)
		if _, err := client.Create(ctx, spec); err != nil {
			return err
		}
	}
	return nil
}

// clear deletes the issuer that the image starts with and those that are wanted
// at another address. It returns the names of the others.
func (c *Container) clear(ctx context.Context, client *control.Client, base string) (map[string]bool, error) {
	wanted := map[string]string{} // name to base
	for _, spec := range c.options.issuers {
		wanted[spec.Name] = cmp.Or(spec.Base, base)
	}
	all, err := client.Issuers(ctx)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, info := range all {
		images := info.Name == "default" && isAt(info, c.initial)
		at, is := wanted[info.Name]
		if !images && (!is || isAt(info, at)) {
			there[info.Name] = true
			continue
		}
		if err := client.Delete(ctx, info.Name); err != nil {
			return nil, err
		}
	}
	return there, nil
}

func isAt(info issuer.Info, base string) bool {
	return strings.HasPrefix(info.Metadata, strings.TrimSuffix(base, "/")+"/")
}
