import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { setResponseStatus } from 'express-start-api/server'
import { findUser } from '../../../users'

export const APIRoute = createAPIFileRoute('/api/users/$id')({
  GET: ({ params }) => {
    const user = findUser(params.id)
    if (!user) {
      setResponseStatus(404)
      return new Response('User not found\n')
    }
    return json(user)
  },
})
