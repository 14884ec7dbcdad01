"""Another audit daemon, without manners: asks for the audit role until it has it, and reads records for SECONDS.

    take-role.py SECONDS
"""
import os, select, socket, struct, sys, time

AUDIT_SET, NLM_F_REQUEST_ACK, STATUS_PID = 1001, 5, 4
audit = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
audit.bind((0, 0))


def ask(pid):
    status = struct.pack("=11I", STATUS_PID, 0, 0, pid, *[0] * 7)
    audit.send(struct.pack("=IHHII", 16 + len(status), AUDIT_SET, NLM_F_REQUEST_ACK, 1, 0) + status)
    while True:
        answer = audit.recv(9000)
        if struct.unpack_from("=H", answer, 4)[0] == 2:  # NLMSG_ERROR
            return struct.unpack_from("=i", answer, 16)[0]


while ask(os.getpid()) != 0:
    time.sleep(0.2)
print("taken", flush=True)
end = time.monotonic() + float(sys.argv[1])
records = 0
while (left := end - time.monotonic()) > 0:
    if select.select([audit], [], [], left)[0]:
        audit.recv(9000)
        records += 1
ask(0)
print(records)
