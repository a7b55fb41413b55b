import socket

# A port of its own, told to whoever started us.
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    _port = probe.getsockname()[1]
bind = f"127.0.0.1:{_port}"
workers = 2
threads = 16
worker_class = "gthread"
keepalive = 60
loglevel = "error"


def when_ready(server):
    print(f"127.0.0.1:{_port}", flush=True)
