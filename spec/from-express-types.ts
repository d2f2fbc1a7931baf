// Types of fromExpress(): real middleware is taken as it is, and what it adds is typed.
import compression from 'compression'
import connect from 'connect'
import cors from 'cors'
import express from 'express'
import { rateLimit } from 'express-rate-limit'
import session from 'express-session'
import { type AnyMiddleware, createFileRoute, fromExpress } from 'express-start-api'
import helmet from 'helmet'
import multer from 'multer'
import passport from 'passport'
import { expectType } from './types/expect'

export const taken: readonly AnyMiddleware[] = [
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
export const Route = createFileRoute('/api/photo')({
  server: {
    middleware: [upload],
    handlers: {
      POST: ({ context }) => {
        expectType<number | undefined>(context.size)
        return new Response()
      },
    },
  },
})

// @ts-expect-error -- no middleware
fromExpress('cors')
