import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { receivePayment } from '../../../../shared/payments.js'

// No parser is in front: these are the bytes that were signed.
export const APIRoute = createAPIFileRoute('/api/webhooks/payments')({
  POST: async ({ request }) => {
    const bytes = Buffer.from(await request.arrayBuffer())
    return json(await receivePayment(bytes, request.headers.get('x-signature')))
  },
})
