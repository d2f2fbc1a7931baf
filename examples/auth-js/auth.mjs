// What routes/ share: Auth.js, and who is signed in.
import { Auth } from '@auth/core'
import Credentials from '@auth/core/providers/credentials'

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

export const auth = (request) => Auth(request, config)

/** Called, not fetched: a request's URL begins with the host that its client names. */
export async function findUser({ url, headers }) {
  const cookie = headers.get('cookie') ?? ''
  const session = await auth(
    new Request(new URL('/api/auth/session', url), { headers: { cookie } }),
  )
  return (await session.json())?.user
}
