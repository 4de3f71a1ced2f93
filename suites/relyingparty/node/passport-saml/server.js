// An ordinary Express 5.3.0 site behind Passport 0.7.0 whose users sign in by SAML 2.0, with @node-saml/passport-saml 5.1.1
// (node-saml 5.1.0, xml-crypto 6.3.2) as its README has it. What it trusts (idpCert) is one CERTIFICATE, a list of
// CERTIFICATES, or a function that is asked at every sign-in: with METADATA it reads the provider's metadata each time, by
// passport-saml-metadata 5.0.0, which keeps the last body that came with 200 in memory for when there is none. With
// METADATA_AT=start that package is used as its own README has it instead: once, and its toPassportConfig takes the last
// certificate of the document for the newest. Defaults of passport-saml: response and assertion must be signed
// (WANT_RESPONSE_SIGNED=no turns the first off), no leeway, any InResponseTo, any number of sign-ins with one assertion.
import express from 'express'
import session from 'express-session'
import passport from 'passport'
import { Strategy } from '@node-saml/passport-saml'
import { fetch as readMetadata, toPassportConfig } from 'passport-saml-metadata'

const { PORT, REALM, SAML2, CERTIFICATE, CERTIFICATES, METADATA, METADATA_AT, WANT_RESPONSE_SIGNED } = process.env

async function provider() {
  if (METADATA_AT === 'start') return toPassportConfig(await readMetadata({ url: METADATA }))
  if (METADATA) return { entryPoint: SAML2, idpCert: signingCertificates }
  return { entryPoint: SAML2, idpCert: CERTIFICATES?.split(',') ?? CERTIFICATE }
}

function signingCertificates(done) {
  readMetadata({ url: METADATA }).then((metadata) => done(null, metadata.signingCerts), done)
}

const options = {
  callbackUrl: `http://127.0.0.1:${PORT}/login/callback`,
  issuer: REALM,
  wantAuthnResponseSigned: WANT_RESPONSE_SIGNED !== 'no',
  ...await provider()
}
const signedOn = (profile, done) => done(null, { name: profile.nameID })
passport.use(new Strategy(options, signedOn, signedOn))
passport.serializeUser((user, done) => done(null, user))
passport.deserializeUser((user, done) => done(null, user))

const app = express()
app.get('/healthz', (req, res) => res.send('up'))
app.use(session({ secret: 'for tests only', resave: false, saveUninitialized: false }))
app.use(passport.session())
app.get('/', (req, res) => (req.user ? res.type('text').send(`Hello, ${req.user.name}`) : res.redirect('/login')))
app.get('/login', passport.authenticate('saml'))
app.post('/login/callback', express.urlencoded({ extended: false }), passport.authenticate('saml'),
  (req, res) => res.redirect('/'))
app.listen(Number(PORT), '127.0.0.1')
