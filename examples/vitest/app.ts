// The application that app.test.ts asks.
import { join } from 'node:path'
import express from 'express'
import { startApi } from 'express-start-api'

export const api = startApi(join(__dirname, 'routes'), {
  // Vitest compiles what its own import() is asked for.
  load: (file) => import(/* @vite-ignore */ file),
})
export const app = express().use(api)
