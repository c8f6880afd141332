"""Views share memory with what they are views of; resize_ and set_."""

import torch
from npu_testing import NpuTestCase, run_tests, storage_bytes, storage_of


class TestViews(NpuTestCase):
    """Every way to look at the same memory."""

    def test_values(self):
        x = torch.arange(24).view(2, 3, 4).float()
        for look in (
            lambda t: t.view(6, 4),
            lambda t: t.view(-1),
            lambda t: t.t() if t.dim() == 2 else t.transpose(0, 2),
            lambda t: t.permute(2, 0, 1),
            lambda t: t[1],
            lambda t: t[:, 1:, ::2],
            lambda t: t.unsqueeze(1).squeeze(0),
            lambda t: t.select(1, 2).narrow(1, 1, 2),
            lambda t: t.unfold(2, 2, 1),
            lambda t: t.as_strided((2, 2), (1, 3), 5),
            lambda t: t.expand(5, 2, 3, 4),
            lambda t: t.diagonal(0, 1, 2),
            lambda t: t.flatten(1),
            lambda t: t.split(2, dim=2),
            lambda t: t.chunk(2),
            lambda t: t.unbind(1),
            lambda t: t.movedim(0, 2),
            lambda t: t.view(torch.int32),
            lambda t: t.reshape(3, 8),
            lambda t: t.transpose(0, 1).reshape(-1),
        ):
            self.check(look, x)

    def test_writing_through(self):
        def write(t):
            t.view(-1)[3] = 100
            t.transpose(0, 1)[1].fill_(7)
            t[..., 1:3].zero_()
            t.diagonal(0, 1, 2).copy_(t[0, 0, :3])
            return t

        self.check(write, torch.arange(24).view(2, 3, 4).float())

    def test_same_memory(self):
        x = torch.zeros(4, device="npu")
        self.assertEqual(x.view(2, 2).data_ptr(), x.data_ptr())
        self.assertEqual(x[1:].data_ptr(), x.data_ptr() + 4)
        self.assertTrue(x.is_set_to(x.view(4)))
        self.assertFalse(x.is_set_to(x[1:]))

    def test_gradients(self):
        x = torch.randn(2, 3, 4, requires_grad=True)
        self.check(lambda t: t.transpose(0, 2).contiguous(), x)
        self.check(lambda t: t[:, 1:, ::2], x)
        self.check(lambda t: t.expand(5, 2, 3, 4).contiguous(), x)
        self.check(lambda t: t.as_strided((2, 2), (1, 3), 5), x)
        self.check(lambda t: t.unfold(2, 2, 1), x)

    def test_complex(self):
        self.check(torch.view_as_real, torch.randn(3, dtype=torch.complex64))
        self.check(torch.view_as_complex, torch.randn(3, 2))

    def test_refuses(self):
        x = torch.zeros(2, 3, device="npu")
        with self.assertRaisesRegex(RuntimeError, "invalid for input of size"):
            x.view(5)
        with self.assertRaisesRegex(RuntimeError, "view size is not compatible"):
            x.t().view(6)


class TestStorage(NpuTestCase):
    """resize_ and set_."""

    def test_resize(self):
        x = torch.arange(6.0, device="npu")
        x.resize_(2, 2)
        self.assert_same(x, torch.arange(4.0).view(2, 2))
        x.resize_(10)
        self.assertEqual(x.shape, (10,))
        self.assert_same(x[:6], torch.arange(6.0))
        storage_of(x).resize_(0)
        self.assertEqual(storage_bytes(x), 0)

    def test_set(self):
        x, y = torch.arange(6.0, device="npu"), torch.zeros(1, device="npu")
        y.set_(x)
        self.assertTrue(y.is_set_to(x))
        y.set_(storage_of(x), 2, (2, 2), (2, 1))
        self.assert_same(y, torch.arange(6.0)[2:].view(2, 2))
        y.set_()
        self.assertEqual(y.numel(), 0)

    def test_out(self):
        for out in (torch.empty(0), torch.empty(3, 2), torch.empty(2, 3).t()):
            result = torch.add(torch.ones(3, 2).npu(), 1, out=out.npu())
            self.assert_same(result, torch.full((3, 2), 2.0))


if __name__ == "__main__":
    run_tests()
