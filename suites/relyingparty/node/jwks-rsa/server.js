// An ordinary Express 5.3.0 API behind express-jwt 8.5.1 and jwks-rsa 4.1.0's expressJwtSecret, given the key set's URL
// and nothing else (the example in jwks-rsa's own documentation limits its fetches to 5 a minute; that is an option, so
// it is not set here). Its defaults: one cache entry per kid for 10 minutes, at most 5 of them; every kid that is not in
// it fetches inside the request, with no limit; a fetch is given up on after 30 s; no clock tolerance. express-jwt has
// no default algorithm: RS256 is named. The error handler answers what the error asks for; any other error stays a 500.
import express from 'express'
import { expressjwt } from 'express-jwt'
import jwksRsa from 'jwks-rsa'

const { AUTHORITY, JWKS_URI, AUDIENCE, PORT } = process.env
const app = express()

app.get('/healthz', (req, res) => res.json({ status: 'up' }))

const bearer = expressjwt({
  secret: jwksRsa.expressJwtSecret({ jwksUri: JWKS_URI }),
  issuer: AUTHORITY,
  audience: AUDIENCE,
  algorithms: ['RS256']
})
app.get('/api', bearer, (req, res) => res.json({ sub: req.auth.sub }))

app.use((err, req, res, next) => {
  console.error(`${err.code ?? err.name}: ${err.message}`)
  res.status(err.status ?? 500).json({ error: err.code ?? err.name })
})

app.listen(Number(PORT), '127.0.0.1')
