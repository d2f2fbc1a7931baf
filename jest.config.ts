import { availableParallelism } from 'node:os'
import type { Config } from 'jest'

const config: Config = {
  testEnvironment: 'node',
  // Jest's own choice is a core less, which on two cores is one process for all: 400 s in place of 230.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // Child processes and hundreds of megabytes on a busy machine; nothing waits this long otherwise.
  testTimeout: 30_000,
  roots: ['<rootDir>/spec', '<rootDir>/examples'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/fixtures/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  transform: { '\\.tsx?$': ['ts-jest', { tsconfig: 'tsconfig.json', diagnostics: false }] },
  // Specs and fixtures import the package by its public names; the sources answer.
  moduleNameMapper: {
    '^express-start-api$': '<rootDir>/lib/index.ts',
    '^express-start-api/(api|server|fast-response)$': '<rootDir>/lib/$1.ts',
  },
}

export default config
