// Package defective is a small relying party in one sound form and in a number
// of forms with exactly one named defect each.
//
// The sound form shows what a scenario asks of an app; the defective ones prove
// that the judge notices. Everything a defect may change is a member of
// [Policy]: [Sound] fills it in, and each entry of [Defects] departs from it in
// one member and says which public incident or library it imitates.
//
// The app answers GET /healthz, which never touches the issuer, and GET /api,
// which wants a bearer token (RFC 6750) that is a signed JWT (RFC 7519). It is
// a thing to be tested and no example of how to protect an API.
package defective
