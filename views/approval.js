// The page of a preview that waits for an approval, live: opens it once it may run.
{
  const source = new EventSource('/.lotan/events')
  source.onmessage = ({ data }) => {
    if (JSON.parse(data).over === 'asks') return
    source.close()
    location.reload()
  }
  // Without events, the page looks again by itself.
  source.onerror = () => source.readyState === EventSource.CLOSED && setTimeout(() => location.reload(), 10000)
}
