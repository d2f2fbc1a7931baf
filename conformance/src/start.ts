import { createStart } from '@tanstack/react-start'
import { mark } from './middleware'

export const startInstance = createStart(() => ({ requestMiddleware: [mark('start')] }))
