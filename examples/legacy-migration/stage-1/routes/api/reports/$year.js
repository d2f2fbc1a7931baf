const { json } = require('express-start-api')
const { createAPIFileRoute } = require('express-start-api/api')
const { findReport } = require('../../../../shared/reports')

exports.APIRoute = createAPIFileRoute('/api/reports/$year')({
  GET: async ({ params }) => json(await findReport(params.year)),
})
