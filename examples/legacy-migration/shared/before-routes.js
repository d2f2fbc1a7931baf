// What every stage has in front of its routes: log, security, page, sessions, guards.
const { join } = require('node:path')
const { callbackify } = require('node:util')
const compression = require('compression')
const cors = require('cors')
const express = require('express')
const { rateLimit } = require('express-rate-limit')
const session = require('express-session')
const helmet = require('helmet')
const morgan = require('morgan')
const passport = require('passport')
const { Strategy } = require('passport-local')
const { DatabaseStore } = require('./session-store')
const { authenticate, findUser } = require('./users')

const DAY_MS = 24 * 60 * 60 * 1000

passport.use(
  new Strategy(
    { usernameField: 'email' },
    callbackify(async (email, password) => (await authenticate(email, password)) ?? false),
  ),
)
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser(callbackify(async (id) => (await findUser(id)) ?? false))

exports.useBeforeRoutes = (app) => {
  app.use(morgan('tiny'))
  // The page is served over plain HTTP here.
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }))
  app.use(compression())
  app.use(
    cors({
      origin: ['https://partner.example'],
      credentials: true,
      exposedHeaders: ['Link', 'X-Total-Count'],
    }),
  )
  app.use(express.static(join(__dirname, 'public')))
  app.use(
    '/api/auth/sign-in',
    rateLimit({
      windowMs: 60_000,
      limit: 20,
      standardHeaders: 'draft-6',
      legacyHeaders: false,
      message: { error: 'Too many attempts' },
    }),
  )
  app.use(
    session({
      name: 'notes.sid',
      secret: process.env.SESSION_SECRET ?? 'session secret',
      store: new DatabaseStore(),
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax', maxAge: 7 * DAY_MS },
    }),
  )
  app.use(passport.session())
}

exports.requireUser = (req, res, next) => {
  if (req.user) next()
  else res.status(401).json({ error: 'Sign in first' })
}
