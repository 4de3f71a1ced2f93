package keysource

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/rollover-harness/rollover/mockidp/keyring"
)

// take takes a key and checks what holds for every one.
func take(t *testing.T, s *Source, alg string) keyring.Material {
	t.Helper()
	m, err := s.Take(t.Context(), alg)
	if err != nil {
		t.Fatal(err)
	}
	checkMaterial(t, m)
	return m
}

func checkMaterial(t *testing.T, m keyring.Material) {
	t.Helper()
	c := m.Certificate
	if !m.Signer.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(c.PublicKey) {
		t.Errorf("%s: the certificate is another key's", c.Subject)
	}
	if err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature); err != nil {
		t.Errorf("%s: %v", c.Subject, err)
	}
	if !strings.HasPrefix(c.Subject.CommonName, "rollover test key ") || !strings.HasSuffix(c.Subject.CommonName, " - FOR TESTS ONLY") {
		t.Errorf("common name %q", c.Subject.CommonName)
	}
	if len(c.Subject.Organization) != 1 || !strings.Contains(c.Subject.Organization[0], "INSECURE") {
		t.Errorf("organisation %q", c.Subject.Organization)
	}
	if c.NotBefore.Year() != 2020 || c.NotAfter.Year() != 2120 || len(c.SubjectKeyId) != 20 || c.SerialNumber.Sign() <= 0 || c.KeyUsage != x509.KeyUsageDigitalSignature {
		t.Errorf("%s: from %s to %s, key id %x, serial %d, usage %b", c.Subject, c.NotBefore, c.NotAfter, c.SubjectKeyId, c.SerialNumber, c.KeyUsage)
	}
}

// name tells keys apart.
func name(m keyring.Material) string { return fmt.Sprintf("%x", m.Certificate.SubjectKeyId) }

func TestThePoolIsWhole(t *testing.T) {
	records, err := index(embedded)
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != size || size < 256 {
		t.Fatalf("%d keys, want %d", len(records), size)
	}
	seen, serials := map[string]bool{}, map[string]bool{}
	for i, r := range records {
		m, err := r.parse(RS256)
		if err != nil {
			t.Fatalf("key %d: %v", i, err)
		}
		checkMaterial(t, m)
		if bits := m.Signer.Public().(*rsa.PublicKey).N.BitLen(); bits != 2048 {
			t.Errorf("key %d has %d bits", i, bits)
		}
		// The private key is another record than the certificate: it has to fit.
		digest := sha256.Sum256([]byte("rollover"))
		signature, err := m.Signer.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil || rsa.VerifyPKCS1v15(m.Certificate.PublicKey.(*rsa.PublicKey), crypto.SHA256, digest[:], signature) != nil {
			t.Errorf("key %d does not sign for its certificate: %v", i, err)
		}
		if want := fmt.Sprintf("rollover test key %03d - FOR TESTS ONLY", i); m.Certificate.Subject.CommonName != want {
			t.Errorf("common name %q, want %q", m.Certificate.Subject.CommonName, want)
		}
		serial := m.Certificate.SerialNumber.String()
		if seen[name(m)] || serials[serial] {
			t.Errorf("key %d is there twice, or its serial number is", i)
		}
		seen[name(m)], serials[serial] = true, true
	}
}

func TestADamagedPool(t *testing.T) {
	for _, damaged := range []string{"\x00", "\x00\x00\x00", "\x00\x00\x00\x02x", "\x00\x00\x00\x01x", "\xff\xff\xff\xffx", "\x00\x00\x00\x01x\x00\x00\x00\x02y", embedded[:5000]} {
		if records, err := index(damaged); err == nil {
			t.Errorf("%d bytes are taken for %d keys", len(damaged), len(records))
		}
	}
	good, err := index(embedded)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"not a key", ""} {
		m, err := record{key, good[0].certificate}.parse(RS256)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Signer.Sign(rand.Reader, make([]byte, sha256.Size), crypto.SHA256); err == nil {
			t.Error("signed with what is no key")
		}
	}
	if _, err := (record{good[0].key, "not a certificate"}).parse(RS256); err == nil {
		t.Error("parsed what is no certificate")
	}
}

func TestTake(t *testing.T) {
	s := New(Config{})
	defer s.Close()
	for _, alg := range Algorithms() {
		m := take(t, s, alg)
		if m.Alg != alg {
			t.Errorf("%s: material of %s", alg, m.Alg)
		}
		switch key := m.Signer.Public().(type) {
		case *rsa.PublicKey:
			if alg != RS256 && alg != PS256 {
				t.Errorf("%s: an RSA key", alg)
			}
		case *ecdsa.PublicKey:
			if alg != ES256 || key.Curve != elliptic.P256() {
				t.Errorf("%s: a key on %s", alg, key.Params().Name)
			}
		case ed25519.PublicKey:
			if alg != EdDSA {
				t.Errorf("%s: an Ed25519 key", alg)
			}
		default:
			t.Errorf("%s: a %T", alg, key)
		}
	}
	if m := take(t, s, ""); m.Alg != RS256 {
		t.Errorf("the default algorithm is %s", m.Alg)
	}
	if got, want := s.Stats(), (Stats{Pool: 3, OnDemand: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestTakeRefuses(t *testing.T) {
	s := New(Config{})
	defer s.Close()
	for _, alg := range []string{"HS256", "rs256", "none", "RS512"} {
		if _, err := s.Take(t.Context(), alg); !errors.Is(err, ErrAlgorithm) || !strings.Contains(err.Error(), "(one of RS256, PS256, ES256, EdDSA)") {
			t.Errorf("%s: %v", alg, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Take(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
	if got := s.Stats(); got != (Stats{}) {
		t.Errorf("refused, and counted: %+v", got)
	}
}

func TestTheOrderIsTheSameInEveryRun(t *testing.T) {
	one, two := New(Config{}), New(Config{})
	defer one.Close()
	defer two.Close()
	for range 3 {
		if a, b := take(t, one, RS256), take(t, two, PS256); name(a) != name(b) {
			t.Errorf("%s and %s", a.Certificate.Subject, b.Certificate.Subject)
		}
	}
}

func TestNoKeyIsHandedOutTwice(t *testing.T) {
	s := New(Config{})
	defer s.Close()
	s.pool = s.pool[:40]
	var (
		mu   sync.Mutex
		seen = map[string]bool{}
		wait sync.WaitGroup
	)
	for range 4 {
		wait.Go(func() {
			for range 11 {
				m, err := s.Take(context.Background(), RS256)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if seen[name(m)] {
					t.Errorf("%s was handed out twice", m.Certificate.Subject)
				}
				seen[name(m)] = true
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	got := s.Stats()
	if got.Pool != 40 || got.Background+got.Synchronous != 4 {
		t.Errorf("44 keys from a pool of 40: %+v", got)
	}
}

func TestFillingBeginsWhenThePoolIsLow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Ready: 2})
		s.pool = s.pool[:low+2]
		take(t, s, RS256)
		if s.filling {
			t.Fatalf("a processor is taken while %d keys are left", len(s.pool))
		}
		take(t, s, RS256)
		synctest.Wait() // until both are ready and the filler has nothing to do
		if s.filling {
			t.Error("the filler runs although both are ready")
		}
		for range low + 2 {
			take(t, s, RS256)
		}
		if got, want := s.Stats(), (Stats{Pool: low + 2, Background: 2}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		s.Close()
		if m := take(t, s, PS256); m.Alg != PS256 {
			t.Errorf("generated at once: %s", m.Alg)
		}
		if got := s.Stats(); got.Pool+got.Background+got.Synchronous != low+5 {
			t.Errorf("%+v after %d", got, low+5)
		}
		s.Close()
	})
}

func TestFreshLeavesThePoolAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Fresh: true, Ready: 1})
		synctest.Wait()
		pooled := map[string]bool{}
		records, err := index(embedded)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			c, err := x509.ParseCertificate([]byte(r.certificate))
			if err != nil {
				t.Fatal(err)
			}
			pooled[fmt.Sprintf("%x", c.SubjectKeyId)] = true
		}
		if m := take(t, s, PS256); pooled[name(m)] || m.Alg != PS256 {
			t.Errorf("%s (%s)", m.Certificate.Subject, m.Alg)
		}
		s.Close()
		if m := take(t, s, RS256); pooled[name(m)] {
			t.Errorf("%s", m.Certificate.Subject)
		}
		if got := s.Stats(); got.Pool != 0 || got.Background < 1 {
			t.Errorf("%+v", got)
		}
	})
}

func TestSharedIsOne(t *testing.T) {
	if first, again := Shared(), Shared(); first != again {
		t.Error("two sources in one process")
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New(Config{}).Close()
	}
}

func BenchmarkTake(b *testing.B) {
	for _, alg := range []string{RS256, ES256, EdDSA} {
		b.Run(alg, func(b *testing.B) {
			s := New(Config{})
			whole := s.pool
			for b.Loop() {
				s.pool = whole
				if _, err := s.Take(b.Context(), alg); err != nil {
					b.Fatal(err)
				}
			}
			s.Close()
		})
	}
}

// Nothing runs for ever in a process whose shared source nobody closes: the
// bubble fails where a goroutine is left.
func TestTheFillerEndsByItselfAndIsStartedByTheNextTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Fresh: true, Ready: 2})
		for round := range 3 {
			synctest.Wait()
			if s.filling || len(s.ready) != 2 {
				t.Fatalf("round %d: %d keys are ready, filling %t", round, len(s.ready), s.filling)
			}
			take(t, s, RS256)
		}
		synctest.Wait()
		if got, want := s.Stats(), (Stats{Background: 3}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}
