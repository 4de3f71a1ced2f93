package federated

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// loadKeySet fetches the certificates of a key set (RFC 7517 section 4.7): what
// reads-key-set has in the place of metadata.
func loadKeySet(ctx context.Context, client *http.Client, url string) ([]*x509.Certificate, error) {
	body, err := fetch(ctx, client, url)
	if err != nil {
		return nil, err
	}
	var set struct {
		Keys []struct {
			X5C []string `json:"x5c"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("read key set: %w", err)
	}
	var found []*x509.Certificate
	for _, key := range set.Keys {
		if len(key.X5C) == 0 {
			continue
		}
		der, err := base64.StdEncoding.DecodeString(key.X5C[0])
		if err != nil {
			continue
		}
		if one, err := x509.ParseCertificate(der); err == nil {
			found = append(found, one)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("read key set: no certificate")
	}
	return found, nil
}
