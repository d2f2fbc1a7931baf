// Express handlers: all the rest.
const { receivePayment } = require('../shared/payments')
const { findReport, links } = require('../shared/reports')

exports.health = (req, res) => {
  res.json({ ok: true })
}

exports.payment = async (req, res) => {
  res.json(await receivePayment(req.body, req.get('X-Signature')))
}

exports.go = (req, res, next) => {
  const target = links[req.params.code]
  if (target) res.redirect(target)
  else next()
}

exports.theme = (req, res) => {
  const [, theme] = /(?:^|; )theme=(\w+)/.exec(req.headers.cookie ?? '') ?? []
  res.json({ theme: theme ?? 'light' })
}

exports.setTheme = (req, res) => {
  const { theme } = req.body ?? {}
  if (theme !== 'light' && theme !== 'dark') {
    return res.status(422).json({ error: 'Theme must be light or dark' })
  }
  res.cookie('theme', theme, { maxAge: 365 * 24 * 60 * 60 * 1000, sameSite: 'lax' })
  res.json({ theme })
}

exports.report = async (req, res) => {
  res.json(await findReport(req.params.year))
}
