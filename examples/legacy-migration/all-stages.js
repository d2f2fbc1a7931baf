// All three stages in one process, on one database: what one writes, the others read. That is how they
// run side by side while a new version is rolled out, and back.
// `node -r ts-node/register examples/legacy-migration/all-stages.js`
const { serve } = require('./shared/serve')

serve(require('./stage-0/app'), require('./stage-1/app'), require('./stage-2/app'))
