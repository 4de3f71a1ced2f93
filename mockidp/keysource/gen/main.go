// Command gen writes the pool of test keys that the keysource package embeds:
// for each key its PKCS#1 DER and its certificate's DER, each behind its length
// as four bytes, big-endian. It is run by go generate in the folder above.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"sync"

	"github.com/rollover-harness/rollover/mockidp/keysource/internal/selfsigned"
)

// size is the number of keys: room for two issuers in each of a hundred scenarios.
const size = 288

func main() {
	if err := write("pool.bin"); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func write(path string) error {
	var (
		records [size][]byte
		errs    [size]error
		wait    sync.WaitGroup
		numbers = make(chan int)
	)
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for n := range numbers {
				records[n], errs[n] = record(n)
			}
		})
	}
	for n := range size {
		numbers <- n
	}
	close(numbers)
	wait.Wait()
	var pool bytes.Buffer
	for n := range size {
		if errs[n] != nil {
			return fmt.Errorf("make key %d: %w", n, errs[n])
		}
		pool.Write(records[n])
	}
	if err := os.WriteFile(path, pool.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write pool: %w", err)
	}
	return nil
}

func record(n int) ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	certificate, err := selfsigned.New(key, fmt.Sprintf("%03d", n))
	if err != nil {
		return nil, err
	}
	var r []byte
	for _, der := range [][]byte{x509.MarshalPKCS1PrivateKey(key), certificate.Raw} {
		r = binary.BigEndian.AppendUint32(r, uint32(len(der)))
		r = append(r, der...)
	}
	return r, nil
}
