import { createFileRoute } from '@tanstack/react-router'
import { listNotes } from '../notes'

export const Route = createFileRoute('/')({
  loader: () => listNotes(),
  component: () => (
    <ul>
      {Route.useLoaderData().map(({ id, text }) => (
        <li key={id}>{text}</li>
      ))}
    </ul>
  ),
})
