// An ordinary Express 5.3.0 site whose users sign in by SAML 2.0, with samlify 2.13.1 (xml-crypto 6.3.2) and the schema
// validator @authenio/samlify-xmllint-wasm 1.0.1, without which its README accepts no response. The provider is made of its
// metadata, read once, at the start; METADATA_EVERY makes it anew every so many seconds, which is a line of the app's, not an
// option of the library's. Defaults: a signature of response or assertion will do; a certificate that comes with a signature
// must be one of the metadata's, without one the metadata's first is tried; no leeway.
import express from 'express'
import session from 'express-session'
import samlify from 'samlify'
import validator from '@authenio/samlify-xmllint-wasm'

const { PORT, REALM, METADATA, METADATA_EVERY } = process.env
samlify.setSchemaValidator(validator)

async function readProvider() {
  const answer = await fetch(METADATA)
  if (!answer.ok) throw new Error(`${METADATA} answered ${answer.status}`)
  return samlify.IdentityProvider({ metadata: await answer.text() })
}

let provider = await readProvider()
if (METADATA_EVERY) {
  const renew = () => readProvider().then((read) => { provider = read }, (err) => console.error(`metadata: ${err.message ?? err}`))
  setInterval(renew, METADATA_EVERY * 1000)
}
const site = samlify.ServiceProvider({
  entityID: REALM,
  wantAssertionsSigned: true,
  assertionConsumerService: [{ Binding: samlify.Constants.namespace.binding.post, Location: `http://127.0.0.1:${PORT}/acs` }]
})

const app = express()
app.get('/healthz', (req, res) => res.send('up'))
app.use(session({ secret: 'for tests only', resave: false, saveUninitialized: false }))
app.get('/', (req, res) => {
  if (req.session.name) return res.type('text').send(`Hello, ${req.session.name}`)
  res.redirect(site.createLoginRequest(provider, 'redirect').context)
})
app.post('/acs', express.urlencoded({ extended: false }), async (req, res) => {
  const { extract } = await site.parseLoginResponse(provider, 'post', req)
  req.session.name = extract.nameID
  res.redirect('/')
})
app.listen(Number(PORT), '127.0.0.1')
