// The page of a closed pull request, live: opens the preview once that may run again.
{
  const source = new EventSource('/.lotan/events')
  source.onmessage = ({ data }) => {
    if (JSON.parse(data).over === 'barred') return
    source.close()
    location.reload()
  }
}
