package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/rollover-harness/rollover/scenarios/signers"
)

// maxRedirects is how often a document may be somewhere else.
const maxRedirects = 5

// obtainer gets documents from files and from the network.
type obtainer struct {
	sh       *shell
	timeout  time.Duration
	ca       string
	insecure bool
	given    func(flag string) bool
}

func (o *obtainer) register(flags *pflag.FlagSet) {
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "how long a download may take")
	flags.StringVar(&o.ca, "ca", "", "`FILE` with certificates (PEM) of an authority to trust for https, beside those of this machine")
	flags.BoolVar(&o.insecure, "insecure", false, "do not verify the server's certificate: for test issuers")
	o.given = flags.Changed
}

// obtained is a document and where it is from.
type obtained struct {
	name   string
	remote bool
	data   []byte
}

// bad is the exit of a document that is of no use: a file is the user's
// affair, what a server answers is not.
func (d obtained) bad(err error) error {
	if d.remote {
		return harness("%w", err)
	}
	return usageOf(err)
}

// obtain reads a file, standard input ("-") or an address.
func (o *obtainer) obtain(ctx context.Context, what string) (obtained, error) {
	if strings.Contains(what, "://") {
		data, err := o.download(ctx, what)
		return obtained{name: what, remote: true, data: data}, err
	}
	for _, flag := range []string{"timeout", "ca", "insecure"} {
		if o.given(flag) {
			return obtained{}, usage("--%s goes with an address (%s is a file)", flag, what)
		}
	}
	if what == "-" {
		data, err := io.ReadAll(io.LimitReader(o.sh.stdin, signers.MaxBytes+1))
		if err != nil {
			return obtained{}, usage("read standard input: %w", err)
		}
		return obtained{name: "standard input", data: data}, nil
	}
	data, err := readBounded(what)
	if errors.Is(err, os.ErrNotExist) && strings.Contains(what, ".") && strings.Contains(what, "/") {
		return obtained{}, usage("%w (an address begins with https://)", err)
	}
	if errors.Is(err, os.ErrNotExist) && len(what) == 40 && strings.Trim(what, "0123456789abcdefABCDEF") == "" {
		return obtained{}, usage("%w (that is a thumbprint: the document that it is from comes here)", err)
	}
	if err != nil {
		return obtained{}, usage("%w", err)
	}
	return obtained{name: what, data: data}, nil
}

// readBounded reads a file up to one byte more than is ever looked at.
func readBounded(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, signers.MaxBytes+1))
}

func (o *obtainer) download(ctx context.Context, address string) ([]byte, error) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, usage("%q is not an http or https URL", address)
	}
	if o.timeout <= 0 {
		return nil, usage("--timeout %s is not above zero", o.timeout)
	}
	client, err := o.client()
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	ctx, stop := context.WithTimeout(ctx, o.timeout)
	defer stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, usage("%w", err)
	}
	request.Header.Set("User-Agent", "rollover/"+o.sh.version)
	response, err := client.Do(request)
	if err != nil {
		return nil, o.unreachable(err)
	}
	defer response.Body.Close()
	if at := response.Request.URL.String(); at != request.URL.String() {
		fmt.Fprintln(o.sh.stderr, "redirected to", printable(at))
	}
	if response.StatusCode != http.StatusOK {
		return nil, harness("get %s: %s%s", address, response.Status, statusHint(response.StatusCode))
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, signers.MaxBytes+1))
	if err != nil {
		return nil, o.unreachable(fmt.Errorf("get %s: %w", address, err))
	}
	if len(data) > signers.MaxBytes {
		return nil, harness("get %s: more than %d bytes", address, signers.MaxBytes)
	}
	return data, nil
}

func (o *obtainer) client() (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: o.insecure}
	if o.insecure && o.ca != "" {
		return nil, usage("either --ca or --insecure")
	}
	if o.insecure {
		fmt.Fprintln(o.sh.stderr, "warning: --insecure: whoever sits in between decides what is read here")
	}
	if o.ca != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		data, err := os.ReadFile(o.ca)
		if err != nil {
			return nil, usage("--ca: %w", err)
		}
		if !pool.AppendCertsFromPEM(data) {
			return nil, usage("--ca %s has no certificate as PEM", o.ca)
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	return &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		switch {
		case len(via) > maxRedirects:
			return fmt.Errorf("more than %d redirects", maxRedirects)
		case next.URL.Scheme != "https" && via[0].URL.Scheme == "https":
			return fmt.Errorf("redirected from https to %s", next.URL.Scheme)
		}
		return nil
	}}, nil
}

// unreachable words why a document cannot be had.
func (o *obtainer) unreachable(err error) error {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return harness("%w (no whole answer within %s: --timeout)", err, o.timeout)
	case errors.As(err, &unknown), errors.As(err, &name):
		return harness("%w (--ca FILE trusts a test issuer's authority, --insecure asks no questions)", err)
	}
	return harness("%w", err)
}

func statusHint(status int) string {
	switch status {
	case http.StatusNotFound, http.StatusBadRequest:
		return " (rollover thumbprint --help shows where Entra ID and AD FS have their metadata)"
	case http.StatusUnauthorized, http.StatusForbidden:
		return " (metadata is public: is a proxy in between?)"
	}
	return ""
}

// printable is a text from a stranger as a terminal may get it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff {
			return '?'
		}
		return r
	}, text)
}
