import { json } from 'express-start-api'
import { createAPIFileRoute } from 'express-start-api/api'
import { findReport } from '../../../../shared/reports.js'

export const APIRoute = createAPIFileRoute('/api/reports/$year')({
  GET: async ({ params }) => json(await findReport(params.year)),
})
