import { createFileRoute } from '@tanstack/react-router'
import { mark } from '../../middleware'

export const Route = createFileRoute('/api/_layout')({ server: { middleware: [mark('layout')] } })
