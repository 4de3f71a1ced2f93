// Package sample makes targets of the sample apps, sound and defective, within
// this process.
package sample

import (
	"context"
	"net/http"

	"github.com/rollover-harness/rollover/scenarios/probe"
	"github.com/rollover-harness/rollover/scenarios/spec"
	"github.com/rollover-harness/rollover/scenarios/target"
	"github.com/rollover-harness/rollover/scenarios/target/inprocess"
	"github.com/rollover-harness/rollover/suites/relyingparty/defective"
)

// Target is the sample app with that defect, or the sound one where it is
// empty. The error is an unknown defect's.
func Target(name, defect string) (target.Target, error) {
	file, err := File()
	if err != nil {
		return nil, err
	}
	return inprocess.New(inprocess.Config{
		Name: name,
		App: func(_ context.Context, env target.Environment, log func(string)) (http.Handler, func() error, error) {
			app, err := defective.New(defective.Config{
				Issuer: env.Issuer, JWKSURI: env.JWKS, Audience: env.Audience, Defect: defect, Log: log,
			})
			if err != nil {
				return nil, nil, err
			}
			return app, func() error { app.Close(); return nil }, nil
		},
		Probe: probe.Bearer{Path: file.Target.Present.Path},
	})
}

// File is the target file of the sound app; its promise is one that the app keeps.
func File() (spec.File, error) { return spec.DecodeFile("rollover.yaml", defective.File) }
