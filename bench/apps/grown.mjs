// An application as they have grown: what many of them put in front of their routes.
import { Writable } from 'node:stream'
import compression from 'compression'
import cookieParser from 'cookie-parser'
import cors from 'cors'
import express from 'express'
import session from 'express-session'
import helmet from 'helmet'
import morgan from 'morgan'

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })

/** Nobody signs in. In production, express-session warns of its own store in memory. */
class EmptyStore extends session.Store {
  get(_id, done) {
    done()
  }
}

/** @param first a middleware in front of all */
export function grownApp(first) {
  const app = express()
  if (first !== undefined) app.use(first)
  app.use(morgan('combined', { stream: nowhere }))
  app.use(helmet(), cors(), compression(), cookieParser())
  app.use(
    session({ store: new EmptyStore(), secret: 'bench', resave: false, saveUninitialized: false }),
  )
  app.use(express.json(), express.urlencoded({ extended: false }))
  app.get('/legacy', (req, res) => res.json({ legacy: true }))
  return app
}
