import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'

// Dots in a file's name do what folders do.
export const APIRoute = createAPIFileRoute('/api/users/$id/posts/$postId')({
  GET: ({ params }) => json({ user: params.id, post: params.postId }),
})
