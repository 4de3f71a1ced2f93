// An ordinary Express 5.3.0 site whose users sign in by OpenID Connect, with openid-client 6.9.0 (oauth4webapi) and the
// authorization code flow with PKCE as its README has it. Its defaults: discovery is read once, at the start, and the process
// ends when that fails; the signature of an ID token that comes straight from the token endpoint is not looked at, which
// OpenID Connect Core 3.1.3.7 allows over TLS: no key is ever fetched. NON_REPUDIATION=yes is enableNonRepudiationChecks: the
// key set is fetched on the first sign-in and kept for 5 minutes; an unknown kid fetches it again inside the sign-in unless
// it is less than 60 s old. Plain http needs allowInsecureRequests.
import express from 'express'
import session from 'express-session'
import * as client from 'openid-client'

const { PORT, AUTHORITY, CLIENT_ID, NON_REPUDIATION } = process.env
const execute = [client.allowInsecureRequests]
if (NON_REPUDIATION === 'yes') execute.push(client.enableNonRepudiationChecks)
const config = await client.discovery(new URL(AUTHORITY), CLIENT_ID, undefined, client.None(), { execute })
const self = `http://127.0.0.1:${PORT}`

const app = express()
app.get('/healthz', (req, res) => res.send('up'))
app.use(session({ secret: 'for tests only', resave: false, saveUninitialized: false }))
app.get('/', async (req, res) => {
  if (req.session.name) return res.type('text').send(`Hello, ${req.session.name}`)
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  req.session.checks = { pkceCodeVerifier, expectedState, idTokenExpected: true }
  res.redirect(client.buildAuthorizationUrl(config, {
    redirect_uri: `${self}/callback`,
    scope: 'openid',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState
  }).href)
})
app.get('/callback', async (req, res) => {
  const tokens = await client.authorizationCodeGrant(config, new URL(req.originalUrl, self), req.session.checks)
  req.session.name = tokens.claims().sub
  res.redirect('/')
})
app.listen(Number(PORT), '127.0.0.1')
