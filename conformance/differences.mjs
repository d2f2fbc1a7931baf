// Where this package does otherwise on purpose. README's table of differences has them, too.

const isLeft = ({ headers }) => headers['x-left'] === 'yes'

/** Each has a reason, and says which answers it explains. */
export const DIFFERENCES = [
  {
    why: "dot segments, `//` and letters that need no escape name no route: Express's guards don't resolve them, so they would be passed",
    explains: ({ path }, _theirs, ours) =>
      isLeft(ours) && /\/\.{1,2}(?:\/|$)|\/\/|%2e|%65/i.test(path),
  },
  {
    why: 'a body that is no JSON, or no form, is the mistake of the client: 400, not 500',
    explains: ({ path }, theirs, ours) =>
      /^\/api\/body\/(?:json|form)$/.test(path) && theirs.status === 500 && ours.status === 400,
  },
  {
    why: 'notFound() is a 404, not a 500',
    explains: ({ path }, theirs, ours) =>
      path === '/api/answers/throw-not-found' && theirs.status === 500 && ours.status === 404,
  },
  {
    why: 'middleware may set headers on what Response.redirect() gave',
    explains: ({ path }, theirs, ours) =>
      path === '/api/answers/redirect-static' && theirs.status === 500 && ours.status === 303,
  },
  {
    why: 'a byte order mark is no part of a text, as the fetch standard has it',
    explains: ({ body }) => String(body).startsWith('\ufeff'),
  },
  {
    why: 'spaces at the end of a path belong to it',
    explains: ({ path }) => path.endsWith('%20'),
  },
]
