import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { findUser } from '../../../../users'

export const APIRoute = createAPIFileRoute('/api/users/$id/posts')({
  GET: ({ params }) => {
    // A thrown Response is an answer.
    if (!findUser(params.id)) throw new Response('User not found\n', { status: 404 })
    return json([{ user: params.id, post: '1' }])
  },
})
