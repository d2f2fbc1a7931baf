import { Auth } from '@auth/core'
import Credentials from '@auth/core/providers/credentials'
import { createAPIFileRoute } from 'express-start-api/api'

const config = {
  basePath: '/api/auth',
  secret: process.env.AUTH_SECRET ?? 'only for this example, from a vault elsewhere',
  trustHost: true,
  providers: [
    Credentials({
      credentials: { name: {}, password: { type: 'password' } },
      authorize: ({ name, password }) =>
        name === 'ada' && password === 'analytical' ? { id: '1', name: 'Ada' } : null,
    }),
  ],
}

const handle = ({ request }) => Auth(request, config)

export const APIRoute = createAPIFileRoute('/api/auth/$')({ GET: handle, POST: handle })
