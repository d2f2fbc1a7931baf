import { createAPIFileRoute } from 'express-start-api/api'
import { auth } from '../../../auth.mjs'

const handle = ({ request }) => auth(request)

export const APIRoute = createAPIFileRoute('/api/auth/$')({ GET: handle, POST: handle })
