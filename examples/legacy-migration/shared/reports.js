// A report that fails, as something does in every application.
const { httpError } = require('./http-error')

exports.findReport = async (year) => {
  if (!/^\d{4}$/.test(year)) throw httpError(400, 'A year has four digits')
  throw new Error(`connect ECONNREFUSED reports.internal:5432 (report of ${year})`)
}

/** Short links that e-mails of last decade still hold. */
exports.links = { home: '/', start: 'https://tanstack.com/start' }
