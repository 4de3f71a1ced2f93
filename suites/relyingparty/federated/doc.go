// Package federated is a small relying party in WS-Federation (passive
// requestors) and in SAML 2.0 (web browser SSO), in one sound form and in a
// number of forms with exactly one named defect each, as package defective is
// one for bearer tokens.
//
// GET / wants a sign-in: without a session the browser is sent to the issuer,
// with one the page names the user. POST /signin takes what the issuer sends
// back. A refused sign-in is 403 with the reason. GET /healthz never touches the
// issuer.
//
// # What the sound app trusts
//
// The certificates of the issuer's federation metadata, of the role that the
// protocol uses, and nothing that a message brings along: KeyInfo is not even
// read. It reads the metadata every few seconds, and at once (but no more than
// once a second) when no certificate it knows verifies a message. Of the message
// it reads only what the signature covers: the bytes that goxmldsig digested,
// parsed again.
//
// The metadata is trusted for where it comes from, which is TLS's work, and is
// held to be whole only when its own signature verifies with a signing
// certificate that it publishes itself. Issuers such as Entra and AD FS sign it
// with the token signing key, so a pinned metadata certificate would outlive no
// rollover, and a chain from the keys known before would break in an urgent one,
// when all keys are replaced at once: both would make an outage of what they
// guard against. The check is that of Microsoft.IdentityModel's
// WsFederationConfigurationValidator (IDX22710 to IDX22713). It finds a document
// that a proxy, a cache or an editor has changed; whoever can speak for the
// issuer's host can sign one too, and only TLS stops him. A document that is
// not whole, is past its validUntil, is another entity's or has no certificate
// that can be used is a failed fetch: what was known before goes on for an hour.
//
// It is a thing to be tested and no example of how to protect an app.
package federated
