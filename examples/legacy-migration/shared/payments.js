// Payments, reported by a web hook that signs the exact bytes of its body.
const { createHmac, timingSafeEqual } = require('node:crypto')
const { query } = require('./database')
const { httpError } = require('./http-error')

const secret = process.env.WEBHOOK_SECRET ?? 'webhook secret'

/**
 * Stores a payment, once however often it is reported.
 *
 * @param bytes the body as it came: parsed and written again, it would have another signature
 */
exports.receivePayment = async (bytes, signature) => {
  const expected = createHmac('sha256', secret).update(bytes).digest()
  const actual = Buffer.from(signature ?? '', 'hex')
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
    throw httpError(401, 'Wrong signature')
  }
  const { id, email, cents } = JSON.parse(bytes.toString())
  const stored = await query(
    'insert into payments values ($1, $2, $3) on conflict do nothing returning id',
    [id, email, cents],
  )
  return { received: id, duplicate: stored.length === 0 }
}
