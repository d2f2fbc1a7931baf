// The application that app.spec.ts asks.
import { join } from 'node:path'
import express from 'express'
import { startApi } from 'express-start-api'

export const api = startApi(join(__dirname, 'routes'))

export const app = express()
app.use(api)
