// Package suites runs the catalogue under Ginkgo: each spec is one scenario
// against one target. For those who use Ginkgo themselves it has Gomega
// matchers for verdicts and a target for an http.Handler in this process.
package suites
