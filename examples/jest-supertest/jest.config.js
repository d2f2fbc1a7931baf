// A compiler for TypeScript is all that jest needs to know: route files are modules like any other.
module.exports = { preset: 'ts-jest' }
