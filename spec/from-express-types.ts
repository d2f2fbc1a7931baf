// Types of fromExpress(): real middleware is taken as it is, and what it adds is typed.
import compression from 'compression'
import connect from 'connect'
import cors from 'cors'
import express from 'express'
import { rateLimit } from 'express-rate-limit'
import session from 'express-session'
import { fromExpress } from 'express-start-api'
import helmet from 'helmet'
import multer from 'multer'
import passport from 'passport'
import type { RequestMiddleware } from './support/chain'
import { expectType } from './types/expect'

export const taken: readonly RequestMiddleware[] = [
  fromExpress(passport.authenticate('local')),
  fromExpress(rateLimit()),
  fromExpress(session({ secret: 'secret' })),
  fromExpress(express.Router()),
  fromExpress(express()),
  fromExpress(connect()),
  fromExpress([helmet(), cors(), compression()]),
  fromExpress((req, res, next) => {
    res.setHeader('x-method', req.method ?? '')
    next()
  }),
]

// `req` is Express's, with what multer's types declare on it.
const upload = fromExpress(multer().single('photo'), async (req) => ({ size: req.file?.size }))
upload.options.server({
  next: (added) => expectType<{ size: number | undefined } | undefined>(added?.context),
})

// @ts-expect-error -- no middleware
fromExpress('cors')
