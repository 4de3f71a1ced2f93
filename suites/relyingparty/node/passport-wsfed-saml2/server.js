// An ordinary Express 5.3.0 site behind Passport 0.7.0 whose users sign in by WS-Federation, with passport-wsfed-saml2
// 4.6.1 as its README has it: realm, address of the provider, and what to trust written down by hand. THUMBPRINT, a list of
// THUMBPRINTS, or one CERTIFICATE (the library takes no list of those). Its defaults: a thumbprint is compared with the
// certificate that comes with the token; assertions may be 3 minutes off; the certificate's own dates are not looked at; no
// wreply is sent, so the provider has to know where the app is. It reads no metadata. METADATA is what a team writes that
// has had enough: every METADATA_EVERY seconds the thumbprints are read from it and the strategy is made anew.
//
// The xml-crypto under it is 1.5.6, not the fork of 1.4.1 that the package asks for from a git repository (package.json,
// "overrides"): what comes out about signatures is said of this pair.
import { createHash } from 'node:crypto'
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { fetch as readMetadata } from 'passport-saml-metadata'
import { Strategy } from 'passport-wsfed-saml2'

const { PORT, REALM, WSFED, THUMBPRINT, THUMBPRINTS, CERTIFICATE, METADATA, METADATA_EVERY } = process.env
const nameID = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier'

function trust(keys) {
  const options = { path: '/login/callback', realm: REALM, homeRealm: '', identityProviderUrl: WSFED, ...keys }
  passport.use(new Strategy(options, (profile, done) => done(null, { name: profile[nameID] })))
}

async function trustMetadata() {
  const { signingCerts } = await readMetadata({ url: METADATA })
  const thumbprints = signingCerts.map((der) => createHash('sha1').update(der, 'base64').digest('hex'))
  trust({ thumbprints })
}

if (METADATA) {
  await trustMetadata()
  setInterval(() => trustMetadata().catch((err) => console.error(`metadata: ${err.message}`)), METADATA_EVERY * 1000)
} else if (CERTIFICATE) {
  trust({ cert: CERTIFICATE })
} else if (THUMBPRINTS) {
  trust({ thumbprints: THUMBPRINTS.split(',') })
} else {
  trust({ thumbprint: THUMBPRINT })
}
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))

const app = express()
app.get('/healthz', (req, res) => res.send('up'))
app.use(session({ secret: 'for tests only', resave: false, saveUninitialized: false }))
app.use(passport.session())
app.get('/', (req, res) => (req.user ? res.type('text').send(`Hello, ${req.user.name}`) : res.redirect('/login')))
app.get('/login', passport.authenticate('wsfed-saml2'))
app.post('/login/callback', express.urlencoded({ extended: false }), passport.authenticate('wsfed-saml2'),
  (req, res) => res.redirect('/'))
app.listen(Number(PORT), '127.0.0.1')
