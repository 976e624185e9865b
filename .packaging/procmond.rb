# Homebrew's formula, for `make formula`, which puts in the tarball that was made with it: no
# release is published yet.
class Procmond < Formula
  desc "One server that samples processes for all who watch"
  url "file://@tarball@"
  sha256 "@sha256@"
  license "MIT"

  depends_on "libevent"
  depends_on "protobuf-c"

  def install
    system "make", "install", "PREFIX=#{prefix}"
  end

  test do
    ENV["PROCMON_SOCKET"] = "#{testpath}/socket"
    assert_match "\"pid\":#{Process.pid}", shell_output("#{bin}/procctl ps -o jsonl -p #{Process.pid}")
    system bin/"procctl", "server", "stop"
  end
end
