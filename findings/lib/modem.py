"""A GSM modem on a pseudo-terminal that takes every PDU it is given to send."""
import os
import pty
import threading
import tty


class Modem:
    """`pdus` are the PDUs of AT+CMGS, in hexadecimal; every other command is answered OK, with `answers` before it."""

    def __init__(self, answers):
        self._answers = answers
        self._line, terminal = pty.openpty()
        for end in (self._line, terminal):
            tty.setraw(end)
        self.path, self.pdus = os.ttyname(terminal), []
        self._echo = True
        self._terminal = terminal  # kept open, so that a program may come and go
        threading.Thread(target=self._run, daemon=True).start()

    def _read(self, ends):
        """The text up to one of the octets `ends`, echoed as it comes."""
        text = b""
        while (octet := os.read(self._line, 1)) not in ends:
            if self._echo:
                os.write(self._line, octet)
            text += octet
        if self._echo:
            os.write(self._line, octet)
        return text.decode().strip()

    def _run(self):
        while True:
            command = self._read((b"\r", b"\n")).upper()
            if not command:
                continue
            if command in ("ATE0", "ATE1"):
                self._echo = command == "ATE1"
            answer = self._answers.get(command, "")
            if command.startswith("AT+CMGS="):
                os.write(self._line, b"\r\n> ")
                self.pdus.append(self._read((b"\x1a",)))
                answer = f"+CMGS: {len(self.pdus)}"
            os.write(self._line, f"\r\n{answer}\r\n\r\nOK\r\n".encode() if answer else b"\r\nOK\r\n")
