import { createAPIFileRoute } from 'express-start-api/api'

// What a handler throws reaches the application's own error handler.
export const APIRoute = createAPIFileRoute('/api/report')({
  GET: () => {
    throw new Error('The report printer is on fire')
  },
})
