// Express handlers: accounts and sessions.
const passport = require('passport')
const { beginSession, endSession } = require('../shared/sessions')
const { signUp } = require('../shared/users')

exports.signUp = async (req, res) => {
  const user = await signUp(req.body ?? {})
  await beginSession(req, user)
  if (req.is('urlencoded')) res.redirect(303, '/')
  else res.status(201).json(user)
}

exports.signIn = (req, res, next) => {
  passport.authenticate('local', (error, user) => {
    if (error) return next(error)
    if (!user) return res.status(401).json({ error: 'Wrong e-mail or password' })
    req.login(user, (error) => {
      if (error) next(error)
      else if (req.is('urlencoded')) res.redirect(303, '/')
      else res.json(user)
    })
  })(req, res, next)
}

exports.signOut = async (req, res) => {
  await endSession(req)
  res.clearCookie('notes.sid').status(204).end()
}

exports.me = (req, res) => {
  res.json(req.user)
}
