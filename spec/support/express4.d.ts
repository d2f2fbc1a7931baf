// Express 4 under its alias; what the specs use of it is typed alike in both majors.
declare module 'express4' {
  import express from 'express'
  export = express
}
