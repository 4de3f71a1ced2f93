package main

import (
	"encoding/base64"
	"slices"
	"time"

	"github.com/rollover-harness/rollover/scenarios/signers"
)

// jsonList is the list for machines.
type jsonList struct {
	Source       string            `json:"source"`
	Kind         signers.Kind      `json:"kind"`
	Entities     []jsonEntity      `json:"entities,omitempty"`
	Certificates []jsonCertificate `json:"certificates"`
	Bare         []jsonBare        `json:"keysWithoutCertificate"`
	Problems     []string          `json:"problems"`
}

type jsonEntity struct {
	ID         string     `json:"entityID"`
	Roles      []string   `json:"roles"`
	Signed     bool       `json:"signed"`
	SignedBy   string     `json:"signedBy,omitempty"` // SHA-1
	ValidUntil *time.Time `json:"validUntil,omitempty"`
}

type jsonCertificate struct {
	SHA1          string    `json:"sha1"`
	SHA256        string    `json:"sha256"`
	X5T           string    `json:"x5t"`
	X5TS256       string    `json:"x5t#S256"`
	Subject       string    `json:"subject"`
	Issuer        string    `json:"issuer"`
	Serial        string    `json:"serial"`
	NotBefore     time.Time `json:"notBefore"`
	NotAfter      time.Time `json:"notAfter"`
	Uses          []string  `json:"uses"`
	Roles         []string  `json:"roles"`
	KIDs          []string  `json:"kids"`
	Entities      []string  `json:"entities"`
	SignsMetadata bool      `json:"signsMetadata"`
	Certificate   string    `json:"certificate"` // base64 of the DER form
}

type jsonBare struct {
	KID  string `json:"kid"`
	Type string `json:"kty,omitempty"`
	Alg  string `json:"alg,omitempty"`
	Use  string `json:"use,omitempty"`
	Role string `json:"role,omitempty"`
}

func listed(d signers.Document, certificates []signers.Certificate, got obtained) jsonList {
	l := jsonList{Source: got.name, Kind: d.Kind, Certificates: []jsonCertificate{}, Bare: []jsonBare{}, Problems: []string{}}
	signed := map[string]bool{}
	for _, e := range d.Entities {
		one := jsonEntity{ID: e.ID, Roles: []string{}, Signed: e.Signed, SignedBy: e.SignedBy}
		for _, r := range e.Roles {
			one.Roles = append(one.Roles, string(r))
		}
		if !e.ValidUntil.IsZero() {
			one.ValidUntil = &e.ValidUntil
		}
		l.Entities = append(l.Entities, one)
		signed[e.SignedBy] = true
	}
	for _, c := range certificates {
		l.Certificates = append(l.Certificates, jsonCertificate{
			SHA1: c.SHA1.Hex(), SHA256: c.SHA256.Hex(), X5T: c.SHA1.Base64URL(), X5TS256: c.SHA256.Base64URL(),
			Subject: c.Subject, Issuer: c.Issuer, Serial: c.Serial, NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
			Uses: uses(c), Roles: roles(c), KIDs: distinct(c, func(p signers.Place) string { return p.KeyID }),
			Entities:      distinct(c, func(p signers.Place) string { return p.Entity }),
			SignsMetadata: signed[c.SHA1.Hex()], Certificate: base64.StdEncoding.EncodeToString(c.DER),
		})
	}
	for _, b := range d.Bare {
		l.Bare = append(l.Bare, jsonBare{b.KeyID, b.Type, b.Alg, b.Use, string(b.Role)})
	}
	for _, p := range slices.Concat(d.Problems, d.Oddities) {
		l.Problems = append(l.Problems, p.Error())
	}
	return l
}
