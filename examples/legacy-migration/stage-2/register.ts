// The types of the handlers' `context`, once for all route files.
import type { Request, Response } from 'express'

export interface User {
  id: number
  email: string
}

declare module 'express-start-api' {
  interface Register {
    req: Request
    res: Response
    /** Behind the guards of app.js there is one. */
    context: { user: User }
  }
}

declare global {
  namespace Express {
    interface User {
      id: number
      email: string
    }
  }
}
