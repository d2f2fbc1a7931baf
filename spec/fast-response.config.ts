// `npm run test:fast-response`: the specs of answers once more, with the global Response replaced.
import type { Config } from 'jest'
import config from '../jest.config'

const SUBJECTS = [
  'answers',
  'api-routes',
  'entry-handler',
  'errors',
  'helpers*',
  'json',
  'methods',
  'middleware',
  'observability',
  'plugins',
  'redirect',
  'response-*',
  'send-response',
  'server-route*',
  'start-cases',
  'tanstack-router',
  'transparency',
]

const fastResponse: Config = {
  ...config,
  rootDir: '..',
  setupFiles: ['<rootDir>/lib/fast-response.ts'],
  testMatch: SUBJECTS.map((subject) => `**/spec/${subject}.spec.ts`),
}

export default fastResponse
